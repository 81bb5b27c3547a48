; ModuleID = '__compute_module_convert_pad_fusion_kernel_module'
source_filename = "__compute_module_convert_pad_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @convert_pad_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
iter.check:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !13
  %8 = load i32, ptr %7, align 4, !invariant.load !3, !alias.scope !9, !noalias !14
  %9 = sitofp i32 %8 to float
  store float %9, ptr %5, align 4, !alias.scope !11, !noalias !15
  %10 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %11 = getelementptr inbounds nuw i8, ptr %3, i64 64
  %12 = getelementptr inbounds nuw i8, ptr %3, i64 96
  %wide.load = load <8 x float>, ptr %3, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2 = load <8 x float>, ptr %10, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3 = load <8 x float>, ptr %11, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4 = load <8 x float>, ptr %12, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %13 = getelementptr inbounds nuw i8, ptr %5, i64 4
  %14 = getelementptr inbounds nuw i8, ptr %5, i64 36
  %15 = getelementptr inbounds nuw i8, ptr %5, i64 68
  %16 = getelementptr inbounds nuw i8, ptr %5, i64 100
  store <8 x float> %wide.load, ptr %13, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2, ptr %14, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3, ptr %15, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4, ptr %16, align 4, !alias.scope !11, !noalias !15
  %17 = getelementptr inbounds nuw i8, ptr %3, i64 128
  %18 = getelementptr inbounds nuw i8, ptr %3, i64 160
  %19 = getelementptr inbounds nuw i8, ptr %3, i64 192
  %20 = getelementptr inbounds nuw i8, ptr %3, i64 224
  %wide.load.1 = load <8 x float>, ptr %17, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load2.1 = load <8 x float>, ptr %18, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load3.1 = load <8 x float>, ptr %19, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %wide.load4.1 = load <8 x float>, ptr %20, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %21 = getelementptr inbounds nuw i8, ptr %5, i64 132
  %22 = getelementptr inbounds nuw i8, ptr %5, i64 164
  %23 = getelementptr inbounds nuw i8, ptr %5, i64 196
  %24 = getelementptr inbounds nuw i8, ptr %5, i64 228
  store <8 x float> %wide.load.1, ptr %21, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load2.1, ptr %22, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load3.1, ptr %23, align 4, !alias.scope !11, !noalias !15
  store <8 x float> %wide.load4.1, ptr %24, align 4, !alias.scope !11, !noalias !15
  %25 = getelementptr inbounds nuw i8, ptr %3, i64 256
  %wide.load6 = load <4 x float>, ptr %25, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %26 = getelementptr inbounds nuw i8, ptr %5, i64 260
  store <4 x float> %wide.load6, ptr %26, align 4, !alias.scope !11, !noalias !15
  %27 = getelementptr inbounds nuw i8, ptr %3, i64 272
  %28 = load float, ptr %27, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %29 = getelementptr inbounds nuw i8, ptr %5, i64 276
  store float %28, ptr %29, align 4, !alias.scope !11, !noalias !15
  %30 = getelementptr inbounds nuw i8, ptr %3, i64 276
  %31 = load float, ptr %30, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %32 = getelementptr inbounds nuw i8, ptr %5, i64 280
  store float %31, ptr %32, align 4, !alias.scope !11, !noalias !15
  %33 = getelementptr inbounds nuw i8, ptr %3, i64 280
  %34 = load float, ptr %33, align 4, !invariant.load !3, !alias.scope !6, !noalias !16
  %35 = getelementptr inbounds nuw i8, ptr %5, i64 284
  store float %34, ptr %35, align 4, !alias.scope !11, !noalias !15
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { nofree norecurse nosync nounwind memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 284}
!5 = !{i64 288}
!6 = !{!7}
!7 = distinct !{!7, !8, !"convert_pad_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"convert_pad_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"convert_pad_fusion_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"convert_pad_fusion_wrapped: argument 2"}
!13 = !{i64 4}
!14 = !{!7, !12}
!15 = !{!7, !10}
!16 = !{!10, !12}
