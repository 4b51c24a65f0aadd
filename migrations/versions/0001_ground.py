"""The ground of all records: units, staff, filings, cases, events, terms, papers, tasks; the search index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from models.search_table import POSTGRES_CREATE, POSTGRES_DROP, SQLITE_CREATE, SQLITE_DROP


revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SQLITE_GUARDS = tuple(
    f"CREATE TRIGGER event_refuses_{act} BEFORE {act.upper()} ON event "
    "BEGIN SELECT RAISE(ABORT, 'events are only added to'); END"
    for act in ("update", "delete")
)
POSTGRES_GUARDS = (
    "CREATE FUNCTION event_refuses() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'events are only added to'; END $$",
    "CREATE TRIGGER event_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event "
    "FOR EACH STATEMENT EXECUTE FUNCTION event_refuses()",
)


def upgrade() -> None:
    op.create_table('draft',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_draft_token_hash'))
    )
    op.create_index(op.f('ix_draft_expires_at'), 'draft', ['expires_at'], unique=False)

    op.create_table('filing',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('form_key', sa.LargeBinary(length=32), nullable=True),
    sa.Column('body_mark', sa.LargeBinary(length=32), nullable=True),
    sa.Column('source_key', sa.String(length=120), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('registered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('anonymous', sa.Boolean(), nullable=False),
    sa.Column('receipt_codes', sa.LargeBinary(), nullable=True),
    sa.Column('receipt_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_filing')),
    sa.UniqueConstraint('form_key', name=op.f('uq_filing_form_key')),
    sa.UniqueConstraint('source_key', name=op.f('uq_filing_source_key'))
    )
    op.create_index('ix_filing_receipt_until', 'filing', ['receipt_until'], unique=False, postgresql_where=sa.text('receipt_until IS NOT NULL'), sqlite_where=sa.text('receipt_until IS NOT NULL'))

    op.create_table('heartbeat',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('found', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_heartbeat'))
    )
    op.create_table('import_batch',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('profile', sa.String(length=40), nullable=False),
    sa.Column('file_name', sa.String(length=120), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('read', sa.Integer(), nullable=False),
    sa.Column('taken', sa.Integer(), nullable=False),
    sa.Column('known', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch'))
    )
    op.create_table('lease',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=80), nullable=False),
    sa.Column('until', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_lease'))
    )
    op.create_table('respondent',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('mark', sa.LargeBinary(length=16), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('code', sa.String(length=18), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=True),
    sa.Column('contact', sa.String(length=60), nullable=True),
    sa.Column('address', sa.String(length=200), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_respondent')),
    sa.UniqueConstraint('mark', name=op.f('uq_respondent_mark'))
    )
    op.create_index(op.f('ix_respondent_code'), 'respondent', ['code'], unique=False)
    op.create_index(op.f('ix_respondent_name'), 'respondent', ['name'], unique=False)

    op.create_table('revision',
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('value', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_revision'))
    )
    op.create_table('sequence',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_sequence'))
    )
    op.create_table('staff',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('username', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('must_change', sa.Boolean(), nullable=False),
    sa.Column('totp_secret', sa.LargeBinary(), nullable=True),
    sa.Column('totp_last_step', sa.Integer(), nullable=False),
    sa.Column('email', sa.LargeBinary(), nullable=True),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('reach_by', sa.String(length=10), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('away_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('away_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('deputy_id', BIG_ID, nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['deputy_id'], ['staff.id'], name=op.f('fk_staff_deputy_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff')),
    sa.UniqueConstraint('username', name=op.f('uq_staff_username'))
    )
    op.create_index(op.f('ix_staff_deputy_id'), 'staff', ['deputy_id'], unique=False)

    op.create_table('task',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('payload', sa.Text(), nullable=False),
    sa.Column('unique_key', sa.String(length=120), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('not_before', sa.DateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('carried_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('dead_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task')),
    sa.UniqueConstraint('unique_key', name=op.f('uq_task_unique_key'))
    )
    op.create_index('ix_task_waiting', 'task', ['not_before'], unique=False, sqlite_where=sa.text('done_at IS NULL AND dead_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND dead_at IS NULL'))

    op.create_table('throttle',
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('wait_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_throttle'))
    )
    op.create_table('unit',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('short_name', sa.String(length=40), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('parent_id', BIG_ID, nullable=True),
    sa.Column('path', sa.String(length=200), nullable=False),
    sa.Column('bureau_id', BIG_ID, nullable=True),
    sa.Column('document_prefix', sa.String(length=20), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('places', sa.Text(), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['bureau_id'], ['unit.id'], name=op.f('fk_unit_bureau_id_unit')),
    sa.ForeignKeyConstraint(['parent_id'], ['unit.id'], name=op.f('fk_unit_parent_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_unit')),
    sa.UniqueConstraint('key', name=op.f('uq_unit_key'))
    )
    op.create_index(op.f('ix_unit_parent_id'), 'unit', ['parent_id'], unique=False)
    op.create_index(op.f('ix_unit_path'), 'unit', ['path'], unique=False)

    op.create_table('calendar_day',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('is_working', sa.Boolean(), nullable=False),
    sa.Column('note', sa.String(length=60), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_by', BIG_ID, nullable=True),
    sa.ForeignKeyConstraint(['entered_by'], ['staff.id'], name=op.f('fk_calendar_day_entered_by_staff')),
    sa.PrimaryKeyConstraint('day', name=op.f('pk_calendar_day'))
    )
    op.create_table('calendar_year',
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('entered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entered_by', BIG_ID, nullable=True),
    sa.ForeignKeyConstraint(['entered_by'], ['staff.id'], name=op.f('fk_calendar_year_entered_by_staff')),
    sa.PrimaryKeyConstraint('year', name=op.f('pk_calendar_year'))
    )
    op.create_table('cases',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('filing_id', BIG_ID, nullable=False),
    sa.Column('number', sa.String(length=24), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=24), nullable=False),
    sa.Column('previous_state', sa.String(length=24), nullable=True),
    sa.Column('regime', sa.String(length=12), nullable=False),
    sa.Column('queue', sa.String(length=20), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('due_rule', sa.String(length=40), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('source_number', sa.String(length=60), nullable=True),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('registered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('off_hours', sa.Boolean(), nullable=False),
    sa.Column('urgent', sa.String(length=12), nullable=False),
    sa.Column('complexity', sa.String(length=12), nullable=True),
    sa.Column('anonymous', sa.Boolean(), nullable=False),
    sa.Column('category', sa.String(length=40), nullable=True),
    sa.Column('problem', sa.String(length=40), nullable=True),
    sa.Column('sales_mode', sa.String(length=20), nullable=True),
    sa.Column('platform', sa.String(length=50), nullable=True),
    sa.Column('order_number', sa.String(length=60), nullable=True),
    sa.Column('goods', sa.String(length=40), nullable=True),
    sa.Column('happened_on', sa.Date(), nullable=True),
    sa.Column('amount', sa.BigInteger(), nullable=True),
    sa.Column('amount_recovered', sa.BigInteger(), nullable=True),
    sa.Column('matter', sa.String(length=120), nullable=False),
    sa.Column('respondent_id', BIG_ID, nullable=True),
    sa.Column('respondent_name', sa.String(length=120), nullable=True),
    sa.Column('unit_id', BIG_ID, nullable=False),
    sa.Column('bureau_id', BIG_ID, nullable=False),
    sa.Column('competent_bureau_id', BIG_ID, nullable=False),
    sa.Column('receiving_unit_id', BIG_ID, nullable=False),
    sa.Column('sender_unit_id', BIG_ID, nullable=True),
    sa.Column('handler_id', BIG_ID, nullable=True),
    sa.Column('delegate_unit_id', BIG_ID, nullable=True),
    sa.Column('case_unit_id', BIG_ID, nullable=True),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('outcome', sa.String(length=40), nullable=True),
    sa.Column('main_case_id', BIG_ID, nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('rating', sa.String(length=20), nullable=True),
    sa.Column('dossier_number', sa.String(length=40), nullable=True),
    sa.Column('retention', sa.String(length=10), nullable=True),
    sa.Column('query_mark', sa.LargeBinary(length=32), nullable=True),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('head', sa.LargeBinary(length=32), nullable=False),
    sa.Column('last_event_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['bureau_id'], ['unit.id'], name=op.f('fk_cases_bureau_id_unit')),
    sa.ForeignKeyConstraint(['case_unit_id'], ['unit.id'], name=op.f('fk_cases_case_unit_id_unit')),
    sa.ForeignKeyConstraint(['competent_bureau_id'], ['unit.id'], name=op.f('fk_cases_competent_bureau_id_unit')),
    sa.ForeignKeyConstraint(['delegate_unit_id'], ['unit.id'], name=op.f('fk_cases_delegate_unit_id_unit')),
    sa.ForeignKeyConstraint(['filing_id'], ['filing.id'], name=op.f('fk_cases_filing_id_filing')),
    sa.ForeignKeyConstraint(['handler_id'], ['staff.id'], name=op.f('fk_cases_handler_id_staff')),
    sa.ForeignKeyConstraint(['main_case_id'], ['cases.id'], name=op.f('fk_cases_main_case_id_cases')),
    sa.ForeignKeyConstraint(['receiving_unit_id'], ['unit.id'], name=op.f('fk_cases_receiving_unit_id_unit')),
    sa.ForeignKeyConstraint(['respondent_id'], ['respondent.id'], name=op.f('fk_cases_respondent_id_respondent')),
    sa.ForeignKeyConstraint(['sender_unit_id'], ['unit.id'], name=op.f('fk_cases_sender_unit_id_unit')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_cases_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cases')),
    sa.UniqueConstraint('number', name=op.f('uq_cases_number'))
    )
    op.create_index('ix_cases_bureau_desk', 'cases', ['bureau_id', 'queue', 'due_at', 'id'], unique=False, sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))
    op.create_index('ix_cases_city_desk', 'cases', ['queue', 'due_at', 'id'], unique=False, sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))
    op.create_index(op.f('ix_cases_filing_id'), 'cases', ['filing_id'], unique=False)
    op.create_index('ix_cases_handler_desk', 'cases', ['handler_id', 'queue', 'due_at', 'id'], unique=False, sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))
    op.create_index('ix_cases_received', 'cases', ['received_on', 'id'], unique=False)
    op.create_index('ix_cases_respondent', 'cases', ['respondent_id', 'received_on'], unique=False)
    op.create_index(op.f('ix_cases_source_number'), 'cases', ['source_number'], unique=False)
    op.create_index('ix_cases_unit_desk', 'cases', ['unit_id', 'queue', 'due_at', 'id'], unique=False, sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))

    op.create_table('import_row',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('batch_id', BIG_ID, nullable=False),
    sa.Column('line', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['import_batch.id'], name=op.f('fk_import_row_batch_id_import_batch')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_row')),
    sa.UniqueConstraint('batch_id', 'line', name=op.f('uq_import_row_batch_id'))
    )
    op.create_table('routing_rule',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=True),
    sa.Column('category', sa.String(length=40), nullable=True),
    sa.Column('place', sa.String(length=60), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=True),
    sa.Column('respondent', sa.String(length=120), nullable=True),
    sa.Column('unit_id', BIG_ID, nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_routing_rule_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_routing_rule'))
    )
    op.create_index(op.f('ix_routing_rule_position'), 'routing_rule', ['position'], unique=False)

    op.create_table('setting',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('value', sa.String(length=80), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_by', BIG_ID, nullable=True),
    sa.ForeignKeyConstraint(['changed_by'], ['staff.id'], name=op.f('fk_setting_changed_by_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_setting'))
    )
    op.create_index(op.f('ix_setting_key'), 'setting', ['key'], unique=False)

    op.create_table('staff_role',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('staff_id', BIG_ID, nullable=False),
    sa.Column('unit_id', BIG_ID, nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_role_staff_id_staff')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_staff_role_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_role')),
    sa.UniqueConstraint('staff_id', 'unit_id', 'role', name=op.f('uq_staff_role_staff_id'))
    )
    op.create_index(op.f('ix_staff_role_unit_id'), 'staff_role', ['unit_id'], unique=False)

    op.create_table('staff_session',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('staff_id', BIG_ID, nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.String(length=40), nullable=True),
    sa.Column('browser', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_session_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_staff_session_token_hash'))
    )
    op.create_index(op.f('ix_staff_session_staff_id'), 'staff_session', ['staff_id'], unique=False)

    op.create_table('attachment',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('draft_id', BIG_ID, nullable=True),
    sa.Column('filing_id', BIG_ID, nullable=True),
    sa.Column('case_id', BIG_ID, nullable=True),
    sa.Column('event_seq', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('field', sa.String(length=40), nullable=True),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('media_type', sa.String(length=60), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.LargeBinary(length=32), nullable=False),
    sa.Column('original', sa.String(length=80), nullable=False),
    sa.Column('clean', sa.String(length=80), nullable=True),
    sa.Column('clean_type', sa.String(length=60), nullable=True),
    sa.Column('clean_size', sa.BigInteger(), nullable=True),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('reason', sa.String(length=120), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=True),
    sa.Column('seconds', sa.Integer(), nullable=True),
    sa.Column('uploaded_by', sa.String(length=10), nullable=False),
    sa.Column('staff_id', BIG_ID, nullable=True),
    sa.Column('uploaded_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_attachment_case_id_cases')),
    sa.ForeignKeyConstraint(['draft_id'], ['draft.id'], name=op.f('fk_attachment_draft_id_draft')),
    sa.ForeignKeyConstraint(['filing_id'], ['filing.id'], name=op.f('fk_attachment_filing_id_filing')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_attachment_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attachment'))
    )
    op.create_index('ix_attachment_case', 'attachment', ['case_id'], unique=False)
    op.create_index('ix_attachment_draft', 'attachment', ['draft_id'], unique=False)
    op.create_index(op.f('ix_attachment_filing_id'), 'attachment', ['filing_id'], unique=False)

    op.create_table('case_link',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('other_id', BIG_ID, nullable=False),
    sa.Column('relation', sa.String(length=20), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_link_case_id_cases')),
    sa.ForeignKeyConstraint(['other_id'], ['cases.id'], name=op.f('fk_case_link_other_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_link')),
    sa.UniqueConstraint('case_id', 'other_id', name=op.f('uq_case_link_case_id'))
    )
    op.create_index(op.f('ix_case_link_other_id'), 'case_link', ['other_id'], unique=False)

    op.create_table('case_text',
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('content', sa.Text(), nullable=False),
    sa.Column('demands', sa.Text(), nullable=False),
    sa.Column('demand_text', sa.Text(), nullable=True),
    sa.Column('evidence', sa.Text(), nullable=True),
    sa.Column('sealed_content', sa.LargeBinary(), nullable=True),
    sa.Column('consent_publish', sa.Boolean(), nullable=True),
    sa.Column('consent_mediation', sa.Boolean(), nullable=True),
    sa.Column('consent_truth', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_case_text_case_id_cases')),
    sa.PrimaryKeyConstraint('case_id', name=op.f('pk_case_text'))
    )
    op.create_table('deadline',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('rule', sa.String(length=40), nullable=False),
    sa.Column('version', sa.String(length=20), nullable=False),
    sa.Column('unit_id', BIG_ID, nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('length', sa.Integer(), nullable=True),
    sa.Column('fixed_on', sa.Date(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=True),
    sa.Column('raw_on', sa.Date(), nullable=True),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('provisional', sa.Boolean(), nullable=False),
    sa.Column('extended', sa.Integer(), nullable=False),
    sa.Column('extra', sa.Integer(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('level', sa.Integer(), nullable=False),
    sa.Column('next_step_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('replaces_id', BIG_ID, nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_deadline_case_id_cases')),
    sa.ForeignKeyConstraint(['replaces_id'], ['deadline.id'], name=op.f('fk_deadline_replaces_id_deadline')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_deadline_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deadline'))
    )
    op.create_index('ix_deadline_case', 'deadline', ['case_id'], unique=False)
    op.create_index('ix_deadline_next_step', 'deadline', ['next_step_at'], unique=False, sqlite_where=sa.text('next_step_at IS NOT NULL'), postgresql_where=sa.text('next_step_at IS NOT NULL'))
    op.create_index('ux_deadline_open', 'deadline', ['case_id', 'rule'], unique=True, sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))

    op.create_table('document',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('event_seq', sa.Integer(), nullable=False),
    sa.Column('ordered_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('number', sa.String(length=60), nullable=True),
    sa.Column('facts', sa.Text(), nullable=False),
    sa.Column('progress', sa.String(length=80), nullable=True),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('file', sa.String(length=120), nullable=True),
    sa.Column('size', sa.Integer(), nullable=True),
    sa.Column('pages', sa.Integer(), nullable=True),
    sa.Column('sha256', sa.LargeBinary(length=32), nullable=True),
    sa.Column('replaces_id', BIG_ID, nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_document_case_id_cases')),
    sa.ForeignKeyConstraint(['replaces_id'], ['document.id'], name=op.f('fk_document_replaces_id_document')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document')),
    sa.UniqueConstraint('number', name=op.f('uq_document_number'))
    )
    op.create_index('ix_document_case', 'document', ['case_id'], unique=False)
    op.create_index('ix_document_kind_state', 'document', ['kind', 'state'], unique=False)

    op.create_table('event',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('actor_kind', sa.String(length=10), nullable=False),
    sa.Column('actor_id', BIG_ID, nullable=True),
    sa.Column('actor_role', sa.String(length=20), nullable=False),
    sa.Column('unit_id', BIG_ID, nullable=True),
    sa.Column('from_state', sa.String(length=24), nullable=True),
    sa.Column('to_state', sa.String(length=24), nullable=False),
    sa.Column('fields', sa.Text(), nullable=False),
    sa.Column('clocks', sa.Text(), nullable=False),
    sa.Column('public_text', sa.Text(), nullable=False),
    sa.Column('respondent_text', sa.Text(), nullable=False),
    sa.Column('before', sa.LargeBinary(length=32), nullable=False),
    sa.Column('hash', sa.LargeBinary(length=32), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['staff.id'], name=op.f('fk_event_actor_id_staff')),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_event_case_id_cases')),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], name=op.f('fk_event_unit_id_unit')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_event')),
    sa.UniqueConstraint('case_id', 'seq', name=op.f('uq_event_case_id'))
    )
    op.create_table('filer_message',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('event_seq', sa.Integer(), nullable=False),
    sa.Column('channel', sa.String(length=10), nullable=False),
    sa.Column('address', sa.LargeBinary(), nullable=True),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_as', sa.String(length=80), nullable=True),
    sa.Column('failed', sa.String(length=200), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_filer_message_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_filer_message'))
    )
    op.create_index('ix_filer_message_case', 'filer_message', ['case_id'], unique=False)

    op.create_table('party',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=True),
    sa.Column('name_index', sa.LargeBinary(length=16), nullable=True),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('phone_index', sa.LargeBinary(length=16), nullable=True),
    sa.Column('address', sa.LargeBinary(), nullable=True),
    sa.Column('postcode', sa.String(length=6), nullable=True),
    sa.Column('email', sa.LargeBinary(), nullable=True),
    sa.Column('id_type', sa.String(length=20), nullable=True),
    sa.Column('id_number', sa.LargeBinary(), nullable=True),
    sa.Column('id_number_index', sa.LargeBinary(length=16), nullable=True),
    sa.Column('reply_by', sa.String(length=10), nullable=True),
    sa.Column('left_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_party_case_id_cases')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_party'))
    )
    op.create_index(op.f('ix_party_case_id'), 'party', ['case_id'], unique=False)
    op.create_index('ix_party_id_number_index', 'party', ['id_number_index'], unique=False)
    op.create_index('ix_party_name_index', 'party', ['name_index'], unique=False)
    op.create_index('ix_party_phone_index', 'party', ['phone_index'], unique=False)

    op.create_table('reveal',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=False),
    sa.Column('staff_id', BIG_ID, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reason', sa.String(length=200), nullable=False),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_reveal_case_id_cases')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_reveal_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reveal'))
    )
    op.create_index('ix_reveal_case', 'reveal', ['case_id'], unique=False)
    op.create_index('ix_reveal_staff', 'reveal', ['staff_id', 'at'], unique=False)

    op.create_table('staff_message',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('staff_id', BIG_ID, nullable=False),
    sa.Column('case_id', BIG_ID, nullable=True),
    sa.Column('mark', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['case_id'], ['cases.id'], name=op.f('fk_staff_message_case_id_cases')),
    sa.ForeignKeyConstraint(['staff_id'], ['staff.id'], name=op.f('fk_staff_message_staff_id_staff')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_message')),
    sa.UniqueConstraint('mark', name=op.f('uq_staff_message_mark'))
    )
    op.create_index(op.f('ix_staff_message_case_id'), 'staff_message', ['case_id'], unique=False)
    op.create_index('ix_staff_message_unread', 'staff_message', ['staff_id', 'id'], unique=False, sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'))

    op.create_table('deadline_pause',
    sa.Column('id', BIG_ID, nullable=False),
    sa.Column('deadline_id', BIG_ID, nullable=False),
    sa.Column('from_on', sa.Date(), nullable=False),
    sa.Column('to_on', sa.Date(), nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=False),
    sa.Column('due_before', sa.Date(), nullable=True),
    sa.Column('approver_id', BIG_ID, nullable=True),
    sa.Column('document_id', BIG_ID, nullable=True),
    sa.ForeignKeyConstraint(['approver_id'], ['staff.id'], name=op.f('fk_deadline_pause_approver_id_staff')),
    sa.ForeignKeyConstraint(['deadline_id'], ['deadline.id'], name=op.f('fk_deadline_pause_deadline_id_deadline')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_deadline_pause_document_id_document')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_deadline_pause'))
    )
    op.create_index(op.f('ix_deadline_pause_deadline_id'), 'deadline_pause', ['deadline_id'], unique=False)


    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in (*(SQLITE_CREATE if sqlite else POSTGRES_CREATE), *(SQLITE_GUARDS if sqlite else POSTGRES_GUARDS)):
        op.execute(statement)


def downgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_DROP if sqlite else POSTGRES_DROP:
        op.execute(statement)
    op.drop_index(op.f('ix_deadline_pause_deadline_id'), table_name='deadline_pause')

    op.drop_table('deadline_pause')
    op.drop_index('ix_staff_message_unread', table_name='staff_message', sqlite_where=sa.text('read_at IS NULL'), postgresql_where=sa.text('read_at IS NULL'))
    op.drop_index(op.f('ix_staff_message_case_id'), table_name='staff_message')

    op.drop_table('staff_message')
    op.drop_index('ix_reveal_staff'), table_name='reveal'
    op.drop_index('ix_reveal_case'), table_name='reveal'

    op.drop_table('reveal')
    op.drop_index('ix_party_phone_index'), table_name='party'
    op.drop_index('ix_party_name_index'), table_name='party'
    op.drop_index('ix_party_id_number_index'), table_name='party'
    op.drop_index(op.f('ix_party_case_id'), table_name='party')

    op.drop_table('party')
    op.drop_index('ix_filer_message_case'), table_name='filer_message'

    op.drop_table('filer_message')
    op.drop_table('event')
    op.drop_index('ix_document_kind_state'), table_name='document'
    op.drop_index('ix_document_case'), table_name='document'

    op.drop_table('document')
    op.drop_index('ux_deadline_open', table_name='deadline', sqlite_where=sa.text('closed_at IS NULL'), postgresql_where=sa.text('closed_at IS NULL'))
    op.drop_index('ix_deadline_next_step', table_name='deadline', sqlite_where=sa.text('next_step_at IS NOT NULL'), postgresql_where=sa.text('next_step_at IS NOT NULL'))
    op.drop_index('ix_deadline_case'), table_name='deadline'

    op.drop_table('deadline')
    op.drop_table('case_text')
    op.drop_index(op.f('ix_case_link_other_id'), table_name='case_link')

    op.drop_table('case_link')
    op.drop_index(op.f('ix_attachment_filing_id'), table_name='attachment')
    op.drop_index('ix_attachment_draft'), table_name='attachment'
    op.drop_index('ix_attachment_case'), table_name='attachment'

    op.drop_table('attachment')
    op.drop_index(op.f('ix_staff_session_staff_id'), table_name='staff_session')

    op.drop_table('staff_session')
    op.drop_index(op.f('ix_staff_role_unit_id'), table_name='staff_role')

    op.drop_table('staff_role')
    op.drop_index(op.f('ix_setting_key'), table_name='setting')

    op.drop_table('setting')
    op.drop_index(op.f('ix_routing_rule_position'), table_name='routing_rule')

    op.drop_table('routing_rule')
    op.drop_table('import_row')
    op.drop_index('ix_cases_unit_desk', table_name='cases', sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))
    op.drop_index(op.f('ix_cases_source_number'), table_name='cases')
    op.drop_index('ix_cases_respondent'), table_name='cases'
    op.drop_index('ix_cases_received'), table_name='cases'
    op.drop_index('ix_cases_handler_desk', table_name='cases', sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))
    op.drop_index(op.f('ix_cases_filing_id'), table_name='cases')
    op.drop_index('ix_cases_city_desk', table_name='cases', sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))
    op.drop_index('ix_cases_bureau_desk', table_name='cases', sqlite_where=sa.text("queue <> 'archived'"), postgresql_where=sa.text("queue <> 'archived'"))

    op.drop_table('cases')
    op.drop_table('calendar_year')
    op.drop_table('calendar_day')
    op.drop_index(op.f('ix_unit_path'), table_name='unit')
    op.drop_index(op.f('ix_unit_parent_id'), table_name='unit')

    op.drop_table('unit')
    op.drop_table('throttle')
    op.drop_index('ix_task_waiting', table_name='task', sqlite_where=sa.text('done_at IS NULL AND dead_at IS NULL'), postgresql_where=sa.text('done_at IS NULL AND dead_at IS NULL'))

    op.drop_table('task')
    op.drop_index(op.f('ix_staff_deputy_id'), table_name='staff')

    op.drop_table('staff')
    op.drop_table('sequence')
    op.drop_table('revision')
    op.drop_index(op.f('ix_respondent_name'), table_name='respondent')
    op.drop_index(op.f('ix_respondent_code'), table_name='respondent')

    op.drop_table('respondent')
    op.drop_table('lease')
    op.drop_table('import_batch')
    op.drop_table('heartbeat')
    op.drop_index('ix_filing_receipt_until', table_name='filing', postgresql_where=sa.text('receipt_until IS NOT NULL'), sqlite_where=sa.text('receipt_until IS NOT NULL'))

    op.drop_table('filing')
    op.drop_index(op.f('ix_draft_expires_at'), table_name='draft')

    op.drop_table('draft')
    if not sqlite:
        op.execute("DROP FUNCTION event_refuses()")
