"""``python -m nearfar_lab`` is the command ``nearfar-lab``."""

from nearfar_lab.cli import main

main()
