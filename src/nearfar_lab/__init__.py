"""The workshop: trains, evaluates and converts networks for nearfar."""
