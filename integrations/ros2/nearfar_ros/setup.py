"""The package as colcon builds it."""

from pathlib import Path

from setuptools import setup

NAME = "nearfar_ros"

setup(
    name=NAME,
    version="0.1.0",
    packages=[NAME],
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", sorted(map(str, Path("launch").glob("*.launch.py")))),
        (f"share/{NAME}/config", sorted(map(str, Path("config").glob("*.yaml")))),
    ],
    install_requires=["setuptools", "nearfar"],
    zip_safe=True,
    maintainer="The nearfar authors",
    maintainer_email="maintainers@nearfar.invalid",
    description="Depth in metres, points and free space from one camera.",
    license="Apache-2.0",
    entry_points={"console_scripts": [f"nearfar-ros = {NAME}.node:main"]},
)
