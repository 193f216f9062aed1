"""Start the node for one camera: ros2 launch nearfar_ros nearfar.launch.py camera:=/camera."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue


def generate_launch_description() -> LaunchDescription:
    """One node; the topics of its camera, and its file of parameters, are arguments."""
    config = Path(get_package_share_directory("nearfar_ros")) / "config" / "nearfar.yaml"
    camera = LaunchConfiguration("camera")
    return LaunchDescription(
        [
            DeclareLaunchArgument("camera", default_value="/camera", description="Namespace of the camera."),
            DeclareLaunchArgument("image", default_value="image_raw", description="Its topic of pictures."),
            DeclareLaunchArgument(
                "rectified", default_value="false", description="That topic is image_rect."
            ),
            DeclareLaunchArgument("config", default_value=str(config), description="Parameters."),
            Node(
                package="nearfar_ros",
                executable="nearfar-ros",
                name="nearfar",
                parameters=[
                    LaunchConfiguration("config"),
                    {"rectified": ParameterValue(LaunchConfiguration("rectified"), value_type=bool)},
                ],
                remappings=[
                    ("image", [camera, "/", LaunchConfiguration("image")]),
                    ("image/compressed", [camera, "/", LaunchConfiguration("image"), "/compressed"]),
                    ("camera_info", [camera, "/camera_info"]),
                ],
            ),
        ]
    )
