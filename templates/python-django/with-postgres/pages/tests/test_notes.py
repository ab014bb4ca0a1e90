import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client

from pages.models import Note


@pytest.mark.django_db
def test_lists_what_the_database_keeps(client: Client) -> None:
    Note.objects.create(text="José O'Hara")
    assert connection.vendor == "postgresql"
    assert client.get("/notes").json() == {"notes": ["José O'Hara"]}


@pytest.mark.django_db
def test_has_a_migration_for_every_change_of_the_models() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
