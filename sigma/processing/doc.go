// Package processing rewrites Sigma rules by processing pipelines: YAML files
// in the format of pySigma that map fields, log sources and values to those of
// an environment before rules are compiled.
//
// A Pipeline is a sigma.Transform: give it to sigma.Loader.Transforms, several
// in the order of Order. It runs when all rules and filters are read, so it
// sees what a filter added to a rule. A correlation finds its fields under the
// names that the pipeline gave them in each rule.
//
// # What is read
//
// Transformations: field_name_mapping, field_name_prefix_mapping,
// field_name_prefix, field_name_suffix, field_name_transform,
// drop_detection_item, add_condition, change_logsource, replace_string,
// map_string, set_value, case, value_placeholders, wildcard_placeholders,
// set_state, set_custom_attribute, nest, rule_failure, detection_item_failure,
// strict_field_mapping_failure.
//
// Rule conditions: logsource, contains_detection_item, contains_field,
// processing_item_applied, processing_state, is_sigma_rule,
// is_sigma_correlation_rule, rule_attribute, tag. Of detection items:
// match_string, match_value, contains_wildcard, is_null,
// processing_item_applied, processing_state. Of field names: include_fields,
// exclude_fields, processing_item_applied, processing_state. They are linked by
// *_cond_op, *_cond_expr and *_cond_not.
//
// What concerns queries and not rules has no effect and is named in
// Pipeline.Warnings: postprocessing, finalizers, convert_type, the list of
// fields. Any other construct is refused with its line, so that no pipeline
// does less than it says.
//
// # Where this differs from pySigma
//
//   - Numbers are texts: map_string, replace_string and match_string see them.
//   - A field that has several names must be missing under all of them to be
//     null, and differ under all of them for neq.
//   - Regular expressions are in RE2 syntax.
//   - A placeholder without values leaves the rule loaded and marked, see
//     sigma.Rule.Unresolved, unless the pipeline says otherwise.
//
// # Invariants
//
// The same pipelines and rules give the same rules. A pipeline reads no file
// and no network. Nested items are bounded.
package processing
