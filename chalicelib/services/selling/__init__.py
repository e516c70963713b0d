"""What is on offer: products, campaigns, the hall, and how they sell."""
