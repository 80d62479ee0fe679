"""转移: who is ordered to leave, who has arrived, who is left at home; shelters; households for as long as needed."""
