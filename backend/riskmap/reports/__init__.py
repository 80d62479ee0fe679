"""三单一图一报告: sets of products from one frozen state."""
