"""Between ROS messages and depth: pixels and cameras in, fields of messages out. ROS itself is not needed."""
