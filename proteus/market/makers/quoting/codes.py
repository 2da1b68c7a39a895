"""Numbers of the quoting rules, as their states have them."""

LINEAR = 0
FIXED = 1
AVELLANEDA_STOIKOV = 2
GLFT = 3
CARTEA_JAIMUNGAL = 4
OURS = ("linear", "fixed", "avellaneda_stoikov", "glft", "cartea_jaimungal")
FIRST_ADDED = 16  # of another package
