"""What conf/experiment cannot say: calibration, the phases, their tables and their gate."""
