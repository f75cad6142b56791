"""What can be asked of the engine: one function a wish, one short transaction each."""
