from django.contrib import admin
from django.urls import path

from catalogue import views

urlpatterns = [
    path("", views.index, name="index"),
    path("products.json", views.products, name="products"),
    path("admin/", admin.site.urls),
]
