-- A value of a choice that is offered no more: services that have it keep it.
ALTER TABLE option_values ADD COLUMN retired_at timestamptz;

-- Room is counted per server when an order is placed.
CREATE INDEX capacity_holds_server ON capacity_holds (server_id);
