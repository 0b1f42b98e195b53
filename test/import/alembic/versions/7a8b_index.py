"""Found by address

Revision ID: 7a8b
Revises: 5e6f
"""
from alembic import op

revision = '7a8b'
down_revision = '5e6f'


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index('users_email', 'users', ['email'], postgresql_concurrently=True)


def downgrade():
    with op.get_context().autocommit_block():
        op.drop_index('users_email', postgresql_concurrently=True)
