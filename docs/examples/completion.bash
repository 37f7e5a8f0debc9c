# Completion of tasks and parameters in bash: source docs/examples/completion.bash
# Made from the code by docs/make_reference.py.
_hls_pipeline() {
    local current=${COMP_WORDS[COMP_CWORD]} words='GenerateDataset TrainHierarchicalMoE FineTune EvaluateTransfer RunActiveLearningLoop ValidateTopDesigns CompareSearches MakeKnowledge SampleConfigurations SynthesizeDesigns BuildGraph ImportHLSyn ImportReports ImportPacks BuildPacks Calibrate ValidateEstimator ExportDataset ListKernels DescribeKernel DescribeDesign DescribePacks Status CleanWorkspace Compare Doctor' word
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
        GenerateDataset) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --only --keep --kernels --source --backend --strategy --count --around --space --graphs --allow-partial' ;;
        TrainHierarchicalMoE) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --dataset --source --epochs --target --training --accelerator --kernels --without --mode --architecture --model-options --split --devices' ;;
        FineTune) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --dataset --source --epochs --target --training --accelerator --model --kernel --shots --shots-by --mode' ;;
        EvaluateTransfer) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --source --target-source --target-kernels --protocol --target --shots --shots-by --epochs --fine-tune-epochs --training --accelerator --dataset --leave-out --least-designs --seeds --methods' ;;
        RunActiveLearningLoop) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --only --keep --kernel --space --source --backend --batch --objective --limit --utilisation-limit --target --target-cycles --hours --weights --acquisition --surrogate --model --warm-start --knowledge --warm-source --baseline --budget --top-k --use-cache --testbench-seconds --cosim --implement' ;;
        ValidateTopDesigns) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --only --keep --kernel --space --source --backend --batch --objective --limit --utilisation-limit --target --target-cycles --hours --weights --acquisition --surrogate --model --warm-start --knowledge --warm-source --baseline --budget --top-k --use-cache --cosim --implement' ;;
        CompareSearches) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --dataset --source --target-source --limit --folds --seeds --budget --batch --methods --kernels' ;;
        MakeKnowledge) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --dataset --source --target-source --limit --folds --without --terms' ;;
        SampleConfigurations) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --only --keep --kernel --space --source --backend --strategy --count --around' ;;
        SynthesizeDesigns) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --only --keep --kernel --space --source --backend --strategy --count --around' ;;
        BuildGraph) words='--workspace --seed --top --cflags --files --testbench --solution --name --sites --kernel' ;;
        ImportHLSyn) words='--workspace --seed --top --cflags --files --testbench --solution --name --sites --path --url --layout --source-prefix --source --dialect --kernels --part --clock --tool-version' ;;
        ImportReports) words='--workspace --seed --top --cflags --files --testbench --solution --name --sites --path --source --kernel --part --clock --tool-version --dialect' ;;
        ImportPacks) words='--workspace --seed --top --cflags --files --testbench --solution --name --sites --path --kernels' ;;
        BuildPacks) words='--part --clock --workspace --seed --kernels --count --output-folder' ;;
        Calibrate) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --source --kernels --designs --folds' ;;
        ValidateEstimator) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --source --kernels --designs --folds --reports' ;;
        ExportDataset) words='--workspace --seed --top --cflags --files --testbench --solution --name --sites --source --layout --kernels --backend --count --allow-partial --hashes-only --terms' ;;
        ListKernels) words='--workspace --seed' ;;
        DescribeKernel) words='--workspace --seed --top --cflags --files --testbench --solution --name --sites --kernel --space' ;;
        DescribeDesign) words='--part --clock --workspace --seed --top --cflags --files --testbench --solution --name --sites --kernel --space --key' ;;
        DescribePacks) words='--workspace --seed --path' ;;
        Status) words='--workspace --seed --json --page-file' ;;
        CleanWorkspace) words='--workspace --seed --yes --keep' ;;
        Compare) words='--workspace --seed --first --second --first-key --second-key --kernel --source --fail-above --figures --json --page-file' ;;
        Doctor) words='--workspace --seed' ;;
        esac
    done
    case ${COMP_WORDS[COMP_CWORD-1]} in
        --kernels|--path|--space|--settings) COMPREPLY=($(compgen -f -- "$current")) ;;
        --kernel) COMPREPLY=($(compgen -W "$(ls kernels 2>/dev/null)" -- "$current") $(compgen -f -- "$current")) ;;
        *) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    esac
}
complete -F _hls_pipeline luigi hls-pipeline
