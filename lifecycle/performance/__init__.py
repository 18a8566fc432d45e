"""How right a model is: realised, where labels came back, and estimated, where they did not."""
