from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .models import Product


def index(request: HttpRequest) -> HttpResponse:
    in_stock = cache.get("products-in-stock")
    context = {"products": Product.objects.all(), "in_stock": in_stock}
    return render(request, "catalogue/index.html", context)


async def products(request: HttpRequest) -> JsonResponse:
    found = [
        {"name": product.name, "price": str(product.price), "stock": product.stock}
        async for product in Product.objects.all()
    ]
    return JsonResponse({"products": found})
