"""The pure science beside filters and objectives: advantages, and what is measured of a loss."""
