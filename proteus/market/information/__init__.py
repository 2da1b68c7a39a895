"""What traders are shown: public history, signals, disclosure."""
