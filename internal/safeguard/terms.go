package safeguard

// term is a run of words that stands for a protected attribute.
type term struct {
	words  string // lower case, separated by one space; a word matches its plural too
	reason string
}

const (
	race        = "race or ethnic origin"
	religion    = "religion or belief"
	sex         = "sex or gender"
	age         = "age"
	health      = "health or disability"
	union       = "union membership"
	politics    = "political opinion"
	orientation = "sexual orientation"
	origin      = "national origin"
	leave       = "kind of leave"
	disclosure  = "protected disclosure"
	mind        = "mood, personality or opinion"
)

// terms lists what Refuse looks for. Short words that are ordinary in computing
// appear only inside longer runs.
var terms = []term{
	{"ethnicity", race}, {"ethnic", race}, {"race ethnicity", race}, {"racial", race},
	{"user race", race}, {"person race", race}, {"employee race", race}, {"skin color", race},
	{"religion", religion}, {"religious", religion}, {"church", religion}, {"mosque", religion},
	{"synagogue", religion}, {"prayer", religion}, {"faith", religion}, {"ramadan", religion},
	{"worship", religion}, {"clergy", religion}, {"chaplain", religion},
	{"gender", sex}, {"user sex", sex}, {"person sex", sex}, {"employee sex", sex},
	{"pregnancy", sex}, {"pregnant", sex}, {"maternity", sex}, {"paternity", sex},
	{"user age", age}, {"person age", age}, {"employee age", age}, {"birth date", age},
	{"date of birth", age}, {"birthdate", age}, {"birthday", age}, {"dob", age},
	{"medical", health}, {"medication", health}, {"diagnosis", health}, {"disability", health},
	{"disabled person", health}, {"handicap", health}, {"illness", health},
	{"user health", health}, {"person health", health}, {"employee health", health},
	{"health record", health}, {"health insurance", health}, {"health plan", health},
	{"health condition", health}, {"mental health", health}, {"wellness", health},
	{"employee assistance", health}, {"sick leave", health}, {"sick day", health},
	{"union member", union}, {"union membership", union}, {"union officer", union},
	{"user union", union}, {"person union", union}, {"employee union", union},
	{"labor union", union}, {"labour union", union}, {"trade union", union},
	{"union contact", union}, {"union dues", union}, {"works council", union},
	{"political", politics}, {"politics", politics}, {"party affiliation", politics},
	{"party membership", politics}, {"voter", politics}, {"ballot", politics},
	{"political donation", politics}, {"ideology", politics},
	{"sexual orientation", orientation}, {"sexuality", orientation}, {"lgbt", orientation},
	{"lgbtq", orientation}, {"sexual", orientation},
	{"national origin", origin}, {"country of birth", origin}, {"birth country", origin},
	{"birthplace", origin}, {"immigration status", origin}, {"name origin", origin},
	{"mother tongue", origin}, {"native language", origin}, {"ancestry", origin},
	{"leave type", leave}, {"leave reason", leave}, {"absence reason", leave},
	{"family leave", leave}, {"parental leave", leave},
	{"whistleblower", disclosure}, {"whistle blower", disclosure},
	{"protected disclosure", disclosure}, {"protected channel", disclosure},
	{"protected speech", disclosure}, {"inspector general", disclosure},
	{"special counsel", disclosure}, {"ombuds", disclosure}, {"ombudsman", disclosure},
	{"congress contact", disclosure}, {"eeo", disclosure}, {"eeo complaint", disclosure},
	{"grievance", disclosure}, {"journalist contact", disclosure},
	{"sentiment", mind}, {"disgruntled", mind}, {"personality", mind},
	{"psychometric", mind}, {"psychological", mind}, {"mood", mind},
	{"loyalty score", mind},
}
