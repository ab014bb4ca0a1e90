from decimal import Decimal

from django.db import connection
from django.test import TestCase

from shop.models import Order


class OrderTest(TestCase):
    def test_an_order_is_kept_by_postgres(self):
        Order.objects.create(customer="José O'Hara", amount=Decimal("12.50"))
        self.assertEqual(connection.vendor, "postgresql")
        self.assertEqual(Order.objects.get().customer, "José O'Hara")
        self.assertContains(self.client.get("/"), "12.50")
