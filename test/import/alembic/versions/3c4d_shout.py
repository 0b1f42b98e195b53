"""A loud word

Revision ID: 3c4d
Revises: 1a2b
"""
from alembic import op

revision: str = '3c4d'
down_revision: str = '1a2b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION shout(word text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN upper(word) || '; -- not a comment';
END
$$""")


def downgrade() -> None:
    op.execute('DROP FUNCTION shout(text)')
