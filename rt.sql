SET client_min_messages=warning; SET search_path=w,public;
CREATE OR REPLACE FUNCTION back() RETURNS TABLE(n int, col text, ok text) LANGUAGE plpgsql AS $$
DECLARE r record; ty text; o text;
BEGIN
 FOR r IN SELECT * FROM results x WHERE js IS NOT NULL ORDER BY x.n LOOP
  SELECT format_type(atttypid, atttypmod) INTO ty FROM pg_attribute WHERE attrelid='rt'::regclass AND attname=r.col;
  BEGIN
  EXECUTE format('SELECT CASE WHEN %2$I::text IS NOT DISTINCT FROM (%3$L::%4$s)::text THEN ''same'' ELSE coalesce(%2$I::text,''NULL'') || '' <> '' || (%3$L::%4$s)::text END FROM rt WHERE id=%1$L', r.n, r.col, r.val, ty) INTO o;
  EXCEPTION WHEN OTHERS THEN o := SQLERRM; END;
  IF o IS DISTINCT FROM 'same' THEN n := r.n; col := r.col; ok := o; RETURN NEXT; END IF;
 END LOOP; END $$;
SELECT * FROM back();
SET timezone='Asia/Kathmandu'; SET datestyle='SQL,DMY'; SET intervalstyle='sql_standard';
SELECT * FROM back();
