import six; NAME = "shop"
