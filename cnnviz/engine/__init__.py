"""What a network does: building, training and looking inside it with torch, without Qt."""
