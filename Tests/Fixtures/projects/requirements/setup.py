from setuptools import setup

setup(
    name="shop",
    version="1.0",
    package_dir={"": "src"},
    packages=["shop"],
    install_requires=["six>=1.16"],
    extras_require={"test": ["iniconfig<2.1"]},
)
