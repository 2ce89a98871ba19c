# Answers each text, a line in JSON, with how many seconds it says, or null.

# EVOLVE-BLOCK-START
rules='
s/^([0-9]+) *s$/\1/
s/^([0-9]+) *m$/\1*60/
'
# EVOLVE-BLOCK-END

while IFS= read -r line; do
    text=${line#\"}
    sum=$(printf '%s\n' "${text%\"}" | sed -E -e "$rules")
    case $sum in
        '' | *[!0-9*+/]*) echo null ;;
        *) (echo "$(($sum))") 2> /dev/null || echo null ;;
    esac >&3
done
