"""The bundled plugins; they come through the same door as foreign ones."""
