"""How good generated pictures are, measured without Inception: each number beside what real pictures score."""
