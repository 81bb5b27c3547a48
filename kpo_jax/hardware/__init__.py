"""What a new accelerator is asked first: is it right, how fast is it, and how much of it is used.

bash launch/accelerator_check.sh --out=DIR
"""
