import iniconfig
import six

print("ok")
