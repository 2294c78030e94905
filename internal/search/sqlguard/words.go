package sqlguard

import "strings"

// What a statement may be made of, in the words of DuckDB's parser. Everything
// else is refused: SHOW, PIVOT, parameters, settings, files, macros.
var (
	expressions = strings.Fields(`BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION
		CONSTANT FUNCTION LAMBDA OPERATOR POSITIONAL_REFERENCE STAR SUBQUERY WINDOW`)

	nodes = strings.Fields(`SELECT_NODE SET_OPERATION_NODE CTE_NODE
		BASE_TABLE SUBQUERY JOIN EMPTY EXPRESSION_LIST TABLE_FUNCTION
		ORDER_MODIFIER LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER
		ASCENDING DESCENDING ORDER_DEFAULT`)

	tableFunctions = strings.Fields(`range generate_series unnest`)

	// functions read and make values; none reads a file, a setting, the
	// catalog or the machine, and none makes much of little.
	functions = strings.Fields(`
		+ - * / // % ** ^ || & | ~ << >> ! @ ~~ !~~ ~~* !~~* ~~~ ^@ && <@ @>
		like_escape not_like_escape ilike_escape not_ilike_escape
		any_value arg_max arg_min argmax argmin avg bit_and bit_or bool_and bool_or count
		count_star count_if countif first last list array_agg max max_by mean median min min_by
		mode approx_count_distinct approx_quantile quantile quantile_cont quantile_disc entropy
		stddev stddev_pop stddev_samp var_pop var_samp variance string_agg group_concat
		listagg histogram sum product corr
		row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
		nth_value
		abs ceil ceiling floor round trunc sign sqrt ln log log2 log10 exp pow power mod
		greatest least isnan isfinite random
		lower upper lcase ucase length len strlen char_length concat concat_ws contains prefix
		suffix starts_with ends_with instr strpos position left right substr substring trim
		ltrim rtrim replace reverse split split_part string_split str_split regexp_matches
		regexp_extract regexp_extract_all regexp_full_match regexp_replace levenshtein
		damerau_levenshtein hamming jaccard jaro_winkler_similarity ascii chr unicode ord
		format printf md5 sha1 sha256 hash base64 from_base64 hex unhex to_hex bar translate
		coalesce ifnull nullif if
		now current_timestamp get_current_timestamp today current_date date_part datepart
		date_trunc datetrunc date_diff datediff date_add date_sub datesub year month day hour
		minute second epoch epoch_ms epoch_us epoch_ns dayofweek isodow dayofyear week
		weekofyear quarter yearweek dayname monthname last_day strftime strptime
		try_strptime time_bucket timezone age make_date make_time make_timestamp to_timestamp
		to_seconds to_minutes to_hours to_days to_weeks to_months to_years to_milliseconds
		to_microseconds
		list_value list_contains list_has array_contains list_count list_distinct list_unique
		list_sort list_reverse_sort list_extract list_element list_slice array_slice
		list_aggregate list_sum list_min list_max list_avg list_transform list_filter
		list_concat array_length flatten list_has_any list_has_all list_position
		array_to_string unnest struct_pack row struct_extract map_extract element_at
		array_extract map_keys map_values map_entries typeof
		json_extract json_extract_string json_valid ->> ->`)
)
