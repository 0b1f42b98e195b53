"""Create users

They have a name.

Revision ID: 1a2b
Revises:
Create Date: 2023-01-01 00:00:00.000000

"""
import sqlalchemy as sa
from alembic import op

revision = '1a2b'
down_revision = None
branch_labels = ('people',)
depends_on = None


def upgrade():
    op.create_table(
        'users',
        sa.Column('id', sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column('name', sa.Text(), nullable=False))


def downgrade():
    op.drop_table('users')
