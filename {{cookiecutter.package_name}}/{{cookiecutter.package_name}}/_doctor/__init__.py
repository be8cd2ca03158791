"""What the doctor looks at, one subject in each file. There is no need to edit any of them."""
