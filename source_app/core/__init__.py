"""The eight tables of the business."""
