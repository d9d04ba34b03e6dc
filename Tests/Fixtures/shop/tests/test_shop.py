from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.core.management import call_command

from catalogue.models import Product
from catalogue.tasks import recount


@pytest.fixture(autouse=True)
def empty_cache():
    cache.clear()


@pytest.fixture
def tea(db):
    return Product.objects.create(name="Tea", price=Decimal("3.50"), stock=2)


def test_front_page_lists_products(client, tea):
    page = client.get("/")
    assert page.status_code == 200
    assert b"Tea: 3.50" in page.content
    assert b"/static/catalogue/shop.css" in page.content


def test_products_as_json(async_client, tea):
    answer = async_to_sync(async_client.get)("/products.json")
    assert answer.json() == {"products": [{"name": "Tea", "price": "3.50", "stock": 2}]}


def test_recount_counts_what_is_in_stock(tea):
    Product.objects.create(name="Coffee", price=Decimal("5.00"), stock=0)
    assert recount() == 1
    assert cache.get("products-in-stock") == 1


def test_live_asks_no_database_and_takes_any_host(client):
    # No `db` fixture: a query would fail.
    answer = client.get("/health/live", headers={"host": "10.1.2.3"})
    assert answer.status_code == 200


def test_ready_asks_the_database(client, db):
    assert client.get("/health/ready").json() == {"status": "ready"}


def test_ready_says_what_is_missing(client, db, monkeypatch):
    def broken(*_, **__):
        raise OSError

    monkeypatch.setattr("shop.health.cache.get", broken)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["failures"] == {"cache": "OSError"}


def test_another_host_is_refused(client, db):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_no_migration_is_missing(db):
    call_command("makemigrations", "--check", "--dry-run")


def test_heartbeat_touches_its_file(tmp_path, monkeypatch):
    from shop.heartbeat import beat

    file = tmp_path / "heartbeat"
    monkeypatch.setenv("HEARTBEAT_FILE", str(file))
    beat()
    assert file.exists()


def test_static_files_are_collected(tmp_path, settings):
    settings.STATIC_ROOT = tmp_path
    call_command("collectstatic", "--noinput", verbosity=0)
    assert (tmp_path / "catalogue/shop.css").exists()
