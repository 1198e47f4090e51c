"""Bodies that swing, roll and collide."""
