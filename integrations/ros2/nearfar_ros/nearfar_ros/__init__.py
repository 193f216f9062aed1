"""The nearfar library as a ROS 2 node."""
