"""What vcflow costs, measured beside other ways to do the same work: ``make bench``."""
