"""``vc flow doctor``: whether everything is as it must be, and mending what follows from something else."""
