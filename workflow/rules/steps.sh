# What the shell of every step reads first (common.smk).

# A closed stream would be taken for the file that a step opens first.
true >&2 || exec 2> /dev/null
{ true >&1; } 2> /dev/null || exec > /dev/null

# Shows what a step says and keeps it in a log, also when nobody looks any more.
show_and_log() {
  trap '' PIPE
  tee "$1" >&2 || :
}
