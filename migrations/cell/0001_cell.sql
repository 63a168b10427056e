-- What one database of tenants shares: the one way out of a tenant transaction.
CREATE SCHEMA IF NOT EXISTS cell;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- Jobs go in as a batch, under the name of the role that asks: inside this function
-- current_user is the owner, so the asker is read from the setting. Keys and queue names are
-- global per cell and are therefore prefixed with the asker.
CREATE FUNCTION cell.enqueue(jobs jsonb) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  asker text := current_setting('role');
  job jsonb;
  n integer := 0;
BEGIN
  IF asker IS NULL OR asker = 'none' OR asker !~ '^t_[a-z2-7]{13}$' THEN
    RAISE EXCEPTION 'cell.enqueue needs a tenant' USING ERRCODE = '42501';
  END IF;
  IF jsonb_array_length(jobs) > 1000 THEN
    RAISE EXCEPTION 'cell.enqueue takes at most 1000 jobs' USING ERRCODE = '22023';
  END IF;
  FOR job IN SELECT * FROM jsonb_array_elements(jobs) LOOP
    PERFORM graphile_worker.add_job(
      identifier => job->>'class',
      payload => jsonb_build_object('schema', asker, 'name', job->>'name', 'args', job->'args',
                                    'attempt', coalesce((job->>'attempt')::integer, 0),
                                    'key', job->>'key', 'queue', job->>'queue')::json,
      queue_name => CASE WHEN job->>'queue' IS NULL THEN NULL ELSE asker || ':' || (job->>'queue') END,
      run_at => CASE WHEN job->>'delay_ms' IS NULL THEN NULL
                     ELSE clock_timestamp() + ((job->>'delay_ms')::bigint * interval '1 millisecond') END,
      max_attempts => 25,
      job_key => CASE WHEN job->>'key' IS NULL THEN NULL ELSE asker || ':' || (job->>'key') END,
      priority => coalesce((job->>'priority')::integer, 0),
      job_key_mode => coalesce(job->>'key_mode', 'replace')
    );
    n := n + 1;
  END LOOP;
  RETURN n;
END $$;
REVOKE ALL ON FUNCTION cell.enqueue(jsonb) FROM PUBLIC;
