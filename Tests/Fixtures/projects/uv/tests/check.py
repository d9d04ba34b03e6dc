import iniconfig
import lib
import six
import shop

assert "src/shop" in shop.__file__, shop.__file__

print("ok")
