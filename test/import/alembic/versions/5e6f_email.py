"""Users have an address

Revision ID: 5e6f
Revises: 3c4d
"""
import sqlalchemy as sa
from alembic import op

revision = '5e6f'
down_revision = '3c4d'


def upgrade():
    op.add_column('users', sa.Column('email', sa.Text(), server_default='a;b'))


def downgrade():
    op.drop_column('users', 'email')
