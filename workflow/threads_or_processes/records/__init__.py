"""What crosses a package's boundary, declared once. Standard library only: it runs in every arm."""
