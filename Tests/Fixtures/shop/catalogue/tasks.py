from celery import shared_task
from django.core.cache import cache

from .models import Product


@shared_task
def recount() -> int:
    """Counts the products in stock, for the front page."""
    count = Product.objects.filter(stock__gt=0).count()
    cache.set("products-in-stock", count, timeout=300)
    return count
